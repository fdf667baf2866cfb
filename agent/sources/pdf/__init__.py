"""The text of PDF pages in reading order: `document` opens files, `runs` takes the characters off a page, `rows` puts
them side by side, `running` leaves out what repeats, `order` follows columns and tables, `paragraphs` and `joins` put
lines together again."""
