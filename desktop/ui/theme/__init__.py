"""How the desk looks: tokens, palette, style sheet, fonts, zoom."""
