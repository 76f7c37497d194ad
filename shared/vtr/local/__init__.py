"""The laptop stack: real Kafka, Redis, Milvus and the services as supervised processes of one machine."""
