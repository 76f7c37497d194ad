"""From rows of results to a page that says what they show, and to plots."""
