"""A county's consultees as such lists hold them, many nearly of one name, and how people write theirs."""

CONSULTEES = """
St Anne's Church of England Infant School
St Anne's Church of England Junior School
St Anne's Catholic Primary School, Larkmead
St Mary's C of E Primary School, Heathfield
St Mary's C of E Primary School, Oxley
St Mary's Catholic Primary School
St Mark's C of E Primary School
St Mary and St John C of E Primary School
St John's Primary School
St Joan's Catholic School
St James the Great RC Primary School
St James' C of E Junior School
St Peter's School
St Peter and St Paul Catholic Primary School
All Saints C of E Primary School
Holy Trinity C of E Academy
Heathfield Primary School
Heathfield Community School
Heathfield Park Infant School
Heathcote Primary School
Westfield Infant School
Westfield Junior School
Eastfield Primary School
Northfield Primary School
Southfield Primary School
Kingsmead School
Kingsmere Primary School
Kingswood Secondary School
Kingswood Primary School
Oakfield First School
Oakfield Middle School
Oaklands Nursery School
Oakley Primary Academy
Ashfield Primary School
Ashford Primary School
Greenfields Primary School
Greenfield Special School
Hillside Primary School
Hilltop Infant School
Larkmead School
Larkmead Trust
Larkmead Town Council
Oxley Parish Council
Oxley Girls' High School
Oxley Boys' High School
Oxley Sixth Form College
The Meadows Primary School
Meadow Lane Nursery
Queen Elizabeth's Grammar School
Queen Eleanor's C of E Junior School
Sir Thomas Wade Academy
Thomas Wade Primary School
Brook Valley Learning Trust
Brookvale Academy
Diocese of Oxley Board of Education
County Association of Secondary Heads
National Education Union, County Branch
Woodside Federation
Woodside Primary School
Longwater Community College
Wickham-on-Sea Primary School
Wickham Market Primary School
""".strip().splitlines()

WRITTEN = {
    "St. Annes CE Infants": "St Anne's Church of England Infant School",
    "Saint Anne’s C.E. Junior School": "St Anne's Church of England Junior School",
    "ST ANNE'S C OF E (VA) JUNIOR SCHOOL": "St Anne's Church of England Junior School",
    "St Anne's RC Primary": "St Anne's Catholic Primary School, Larkmead",
    "St Mary's CofE Primary School Oxley": "St Mary's C of E Primary School, Oxley",
    "Heathfield St Mary's Church of England (Aided) Primary School": "St Mary's C of E Primary School, Heathfield",
    "St Marys Roman Catholic Primary School": "St Mary's Catholic Primary School",
    "St Marks Primary School": "St Mark's C of E Primary School",
    "SS Mary & John CE Primary": "St Mary and St John C of E Primary School",
    "St John’s Primary": "St John's Primary School",
    "St Joan's": "St Joan's Catholic School",
    "St James' Junior School": "St James' C of E Junior School",
    "St James the Great Catholic Primary School": "St James the Great RC Primary School",
    "St. Peters": "St Peter's School",
    "SS Peter and Paul RC Primary School": "St Peter and St Paul Catholic Primary School",
    "All Saints' Church of England Primary": "All Saints C of E Primary School",
    "Holy Trinity CE Academy": "Holy Trinity C of E Academy",
    "Holy Trinity School": "Holy Trinity C of E Academy",
    "Heathfield Primary": "Heathfield Primary School",
    "Heathfeild Primary School": "Heathfield Primary School",
    "The Governing Body of Heathfield Primary School": "Heathfield Primary School",
    "Heathfield Park Infants": "Heathfield Park Infant School",
    "Westfield Infants' School": "Westfield Infant School",
    "Westfield Juniors": "Westfield Junior School",
    "Eastfield": "Eastfield Primary School",
    "Northfield Primary Academy": "Northfield Primary School",
    "Kingsmead": "Kingsmead School",
    "Kingsmere JMI School": "Kingsmere Primary School",
    "Kingswood High School": "Kingswood Secondary School",
    "Oakfield First": "Oakfield First School",
    "Oakfield Middle Academy": "Oakfield Middle School",
    "Oaklands Nursery": "Oaklands Nursery School",
    "Ashford Primary": "Ashford Primary School",
    "Greenfields Primary": "Greenfields Primary School",
    "Hillside School": "Hillside Primary School",
    "Larkmead Academy Trust": "Larkmead Trust",
    "Larkmead Multi-Academy Trust": "Larkmead Trust",
    "Larkmead Academy": "Larkmead School",
    "Larkmead Council": "Larkmead Town Council",
    "Oxley High School for Girls": "Oxley Girls' High School",
    "Oxley Boys High": "Oxley Boys' High School",
    "Oxley 6th Form College": "Oxley Sixth Form College",
    "Meadows Primary": "The Meadows Primary School",
    "Queen Elizabeth Grammar": "Queen Elizabeth's Grammar School",
    "Sir Thomas Wade School": "Sir Thomas Wade Academy",
    "Thomas Wade Primary": "Thomas Wade Primary School",
    "Brook Valley Trust": "Brook Valley Learning Trust",
    "Woodside Schools Federation": "Woodside Federation",
    "Longwater College": "Longwater Community College",
    "Wickham on Sea Primary": "Wickham-on-Sea Primary School",
    "Diocese of Oxley": "Diocese of Oxley Board of Education",
}
"""As written in the field for an organisation, and who is meant."""

SEVERAL = {
    "St Anne's School": {
        "St Anne's Church of England Infant School",
        "St Anne's Church of England Junior School",
    },
    "Westfield School": {"Westfield Infant School", "Westfield Junior School"},
    "Heathfield School": {"Heathfield Primary School", "Heathfield Community School"},
}
"""What may be one of several: all are proposed."""

NOBODY = [
    "St Anne's Nursery",
    "Northgate Primary School",
    "Southend Primary School",
    "St Luke's C of E Primary School",
    "Westfield Residents' Association",
    "Oxley Primary School",
    "Heathfield Town Council",
    "Hughes and Partners",
    "Parent",
    "none",
    "-",
    "I am a resident of Larkmead and write for myself",
]
"""Of whom nobody was invited, however alike the name."""

SIGNED = {
    "We welcome the draft.\n\nYours faithfully,\nJane Cole\nHeadteacher, Westfield Junior School, Oxley\n": (
        "Westfield Junior School"
    ),
    "Response from the governors of St Anne's C of E Infant School\n\n1. We agree.\n": (
        "St Anne's Church of England Infant School"
    ),
    "I write on behalf of Kingsmere Primary School to say that we agree.\n": "Kingsmere Primary School",
    "Our answer is yes.\n\nBrook Valley Learning Trust | 01234 567890\n": "Brook Valley Learning Trust",
    "Dear team,\nWe agree.\n\nTom Reid\nClerk to the Governors\nSS Peter & Paul RC Primary School\n": (
        "St Peter and St Paul Catholic Primary School"
    ),
}
"""Letters, and who signed them."""
