"""The wire formats of embeddings: OpenAI's, which the gateway's clients and most upstreams speak, and Gemini's."""
