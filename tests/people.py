"""The standing cast.

Asha, an officer; Olga, an officer of another consultation; Adam, an administrator; Ben, a consultee who answered;
Carol, who has not; Dan, who was not invited.
"""

ASHA = "asha.rahman@county.example"
BEN = "ben.hughes@heathfield.example"
CAROL = "carol.lewis@larkmead.example"
DAN = "dan.morris@somewhere.example"
REVIEW = "education.review@county.example"
ADMISSIONS = "admissions.review@county.example"
ADAM = "adam.clarke@county.example"
OLGA = "olga.novak@county.example"
