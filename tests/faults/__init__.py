"""What breaks between the product and its servers, on real servers: nothing is lost, and nothing is done twice."""
