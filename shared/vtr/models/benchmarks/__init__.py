"""An encoder, as it is, on published data sets: retrieval, moments, composed retrieval, adverbs."""
