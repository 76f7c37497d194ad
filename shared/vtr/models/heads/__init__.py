"""The retrieval methods: small modules on the features of frozen base towers."""
