"""What a captcha's answer is made of."""

# Upper-case letters and digits of which no two look alike once they are warped and partly covered,
# and none is taken for one that is missing, in either case. Left out are 0 O D Q, 1 I L, 2 Z, 5 S,
# 6 G, 8 B and V; and, as people misread them in tried pictures, X (Y, K), T (7, Y), 4 (A, H) and
# F (E, P).
PICTURE_ALPHABET = "ACEHJKMNPRUWY379"
