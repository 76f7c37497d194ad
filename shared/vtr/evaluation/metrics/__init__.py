"""Metrics of retrieval, of moments, of adverbs and of what a heat map points at.

All are plain numpy on score matrices. Ties count against the scorer: an item that scores the same as the
right one stands before it, so that a scorer which gives everything the same score finds nothing. (trec_eval
and the tools on top of it break ties by name, which would reward it; on scores without ties the two agree,
and the tests hold them to it.)
"""
