"""Namespaces and term constants used across the rooms.

The vocabulary's own namespaces are fixed and independent of the deployment: two
installations speak of the same ``radiograph:modality``.
"""

from __future__ import annotations

import logging

import rdflib
from rdflib import Namespace

# rdflib would rewrite "007"^^xsd:integer to "7" on reading; the ledger keeps what was validated, byte for byte.
rdflib.NORMALIZE_LITERALS = False
# A malformed literal is a finding of validation, not a traceback on the user's screen.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

RADIOGRAPH = Namespace("https://w3id.org/radiograph/ontology#")
CONCEPT = Namespace("https://w3id.org/radiograph/concept/")
SHAPE = Namespace("https://w3id.org/radiograph/shapes#")

ADMS = Namespace("http://www.w3.org/ns/adms#")
CSVW = Namespace("http://www.w3.org/ns/csvw#")
CV = Namespace("http://data.europa.eu/m8g/")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
DCT = Namespace("http://purl.org/dc/terms/")
DPV = Namespace("https://w3id.org/dpv#")
DQV = Namespace("http://www.w3.org/ns/dqv#")
EUCAIM = Namespace("https://cancerimage.eu/ontology/EUCAIM#")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
GEODCATAP = Namespace("http://data.europa.eu/930/")
HEALTHDCATAP = Namespace("http://healthdataportal.eu/ns/health#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
OWL = Namespace("http://www.w3.org/2002/07/owl#")
PROV = Namespace("http://www.w3.org/ns/prov#")
QB = Namespace("http://purl.org/linked-data/cube#")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SH = Namespace("http://www.w3.org/ns/shacl#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
TIME = Namespace("http://www.w3.org/2006/time#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
VOID = Namespace("http://rdfs.org/ns/void#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")

ACCESS_RIGHT = Namespace("http://publications.europa.eu/resource/authority/access-right/")
DATA_THEME = Namespace("http://publications.europa.eu/resource/authority/data-theme/")

#: Prefix to namespace, as written in every Turtle and JSON-LD document that Radiograph emits.
PREFIXES: dict[str, Namespace] = {
    "radiograph": RADIOGRAPH,
    "adms": ADMS,
    "csvw": CSVW,
    "cv": CV,
    "dcat": DCAT,
    "dcatap": DCATAP,
    "dct": DCT,
    "dpv": DPV,
    "dqv": DQV,
    "eucaim": EUCAIM,
    "foaf": FOAF,
    "geodcatap": GEODCATAP,
    "healthdcatap": HEALTHDCATAP,
    "hydra": HYDRA,
    "odrl": ODRL,
    "owl": OWL,
    "prov": PROV,
    "qb": QB,
    "rdf": RDF,
    "rdfs": RDFS,
    "sd": SD,
    "sh": SH,
    "skos": SKOS,
    "spdx": SPDX,
    "time": TIME,
    "vcard": VCARD,
    "void": VOID,
    "xsd": XSD,
}


def prefixed(iri: str) -> str:
    """An IRI as people write it: ``dct:title`` where one of the known prefixes fits, else in full."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(str(namespace)):
            return f"{prefix}:{iri[len(str(namespace)) :]}"
    return iri


def new_graph() -> rdflib.Graph:
    """An empty graph with Radiograph's prefixes bound and no others."""
    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph
