"""Exports as other platforms write them: an identifier row over a question row, several columns of one question, blank
rows; each with the mapping that reads it. Its people are the test cast's or nobody's.
"""

from tests.people import BEN, CAROL

PLAIN = f"""Response ID,Submitted,Your name,Your email,Organisation,Answering as,Group,Publish?,Priorities,Anything else
r-1,12/02/2020 09:30,Ben Hughes,{BEN},Heathfield Primary School,On behalf of an organisation,School,Yes,They are right.,
r-2,2020-02-11 17:05:10,Carol Davies,{CAROL},,An individual,Resident,Keep it confidential,Too few.,Buses.
""".encode()
PLAIN_MAPPING = """
identifier = "Response ID"
received = "Submitted"
name = "Your name"
address = "Your email"
organisation = "Organisation"
for_organisation = "Answering as"
group = "Group"
may_publish = "Publish?"

[[groups]]
says = "Resident"

[[answers]]
question = "priorities"
columns = "Priorities"

[[answers]]
columns = "Anything else"
"""
TWO_ROWS_OF_HEADINGS = b"""Ident 1,Ident 2,Ident 3,Ident 4
What is your name?,What is your email address?,Do you answer as an individual?,What do you think of the plan?

,,Organisation,"It is sound,
in the main"

Dan,,Individual,No view.
"""
TWO_ROWS_MAPPING = """
headings = 2
name = "Ident 1"
address = "What is your email address?"
for_organisation = "C"

[[answers]]
asked = "The plan"
columns = "Ident 4"
"""
SEVERAL_COLUMNS = b"""Respondent type,P1 Q1 - Agree?,P1 Q8 - Why?,P2 Q1 - Agree?,P2 Q8 - Why?,T: Buses,T: Rail
Individual,Agree,It serves us.,Disagree,It does not.,x,
Individual,Disagree,,,,Yes,Yes
"""
SEVERAL_MAPPING = """
for_organisation = "Respondent type"

[[answers]]
question = "proposal-1"
columns = ["P1 Q1 - Agree?", "P1 Q8 - Why?"]

[[answers]]
asked = "Proposal 2"
columns = ["D", "E"]

[[answers]]
question = "transport"
columns = ["T: Buses", "T: Rail"]
"""
