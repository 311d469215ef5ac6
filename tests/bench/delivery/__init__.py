"""What it costs to answer a request, beside other servers that answer the same ones from the same content.

`table` of comparing.py is the comparison; attack.py and unique.py ask what one reader can do to the others.
"""
