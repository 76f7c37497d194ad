"""From sound to the words that are said in it. Nothing heavy is imported here."""
