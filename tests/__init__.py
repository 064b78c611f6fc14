"""Tests, laid out as the product is. Each name is a sentence of outcome; the cast is Asha, Ben, Carol and Dan."""
