"""Parts of speech: which words name things, which say what happens."""
