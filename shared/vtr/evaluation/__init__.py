"""How well retrieval works: data to measure on, metrics, and the reports made of them."""
