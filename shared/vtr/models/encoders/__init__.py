"""Base towers that put clips and words in one space, chosen by a spec string (see ``registry``)."""
