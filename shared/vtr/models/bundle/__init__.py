"""A bundle: a trained dual encoder and the heads that read its states, published and picked up as one."""
