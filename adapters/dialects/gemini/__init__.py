"""Google's Gemini API, generateContent and streamGenerateContent (ai.google.dev/api/generate-content, 2026-11)."""
