"""Losses over similarities, as the papers write them."""
