"""The catalog over HTTP: what is sold, where it is, which promotions run."""
