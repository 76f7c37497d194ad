"""CoVR: an example video and a text that changes it, composed into one vector of the ordinary index.

Ventura, Yang, Schmid, Varol: CoVR, AAAI 2024 (arXiv 2308.14746); CoVR-2, TPAMI 2024.
"""
