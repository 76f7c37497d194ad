"""Kafka as vtr uses it: the consumer loop, the producer, dead letters, topics. See README.md here."""
