"""Vectors at rest: what a vector store is to the services, and Milvus as one."""
