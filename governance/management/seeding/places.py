"""Cities with a plant, and the people who work there; all people are invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One city."""

    code: str
    name: str
    zone: str


_CITIES = """
Graz Europe/Vienna
Leipzig Europe/Berlin
Sevilla Europe/Madrid
Brno Europe/Prague
Győr Europe/Budapest
Gliwice Europe/Warsaw
Timișoara Europe/Bucharest
Torino Europe/Rome
Monterrey America/Monterrey
Suzhou Asia/Shanghai
Pune Asia/Kolkata
Chattanooga America/New_York
Nagoya Asia/Tokyo
Linz Europe/Vienna
Chemnitz Europe/Berlin
Zaragoza Europe/Madrid
Ostrava Europe/Prague
Debrecen Europe/Budapest
Wrocław Europe/Warsaw
Craiova Europe/Bucharest
Bergamo Europe/Rome
Querétaro America/Mexico_City
Chengdu Asia/Shanghai
Chennai Asia/Kolkata
Windsor America/Toronto
Daegu Asia/Seoul
Maribor Europe/Ljubljana
Porto Europe/Lisbon
Lyon Europe/Paris
Gent Europe/Brussels
Eindhoven Europe/Amsterdam
Coventry Europe/London
Göteborg Europe/Stockholm
Tampere Europe/Helsinki
Bursa Europe/Istanbul
Tangier Africa/Casablanca
Durban Africa/Johannesburg
Rayong Asia/Bangkok
Penang Asia/Kuala_Lumpur
Batam Asia/Jakarta
Haiphong Asia/Ho_Chi_Minh
Geelong Australia/Melbourne
Joinville America/Sao_Paulo
Córdoba America/Argentina/Cordoba
Kassel Europe/Berlin
Lille Europe/Paris
Sunderland Europe/London
Trnava Europe/Bratislava
Zwickau Europe/Berlin
Medellín America/Bogota
"""
_PLAIN = str.maketrans(
    {"ő": "o", "ș": "s", "ł": "l", "é": "e", "ö": "o", "ó": "o", "í": "i", " ": "-"}
)
_FIRST_NAMES = """
Ana Jonas Mei Tomasz Elena Ravi Sofia Lukas Aylin Marek Chiara Diego Hana Peter Ioana Kenji
Nadia Oskar Priya Matteo Zsófia Daniel Fatima Emil Ines Somchai Laura Viktor Grace Andrei
"""
_LAST_NAMES = """
Novak Gruber Silva Kowalski Popescu Sharma Rossi Nagy Tanaka Lindberg Moreau Chen Yilmaz
Hernández Kim Nguyen Bauer Wright Peeters Ramos Horvat Lehtonen Dubois Okafor Tan Suárez
Fischer Marin Kaya Dvořák
"""
FIRST_NAMES, LAST_NAMES = _FIRST_NAMES.split(), _LAST_NAMES.split()


def places(count: int) -> list[Place]:
    """So many cities; when they run out, a second plant is opened in the first ones."""
    lines = [line.rpartition(" ") for line in _CITIES.strip().splitlines()]
    found = []
    for number in range(count):
        name, _, zone = lines[number % len(lines)]
        code, again = name.lower().translate(_PLAIN), number // len(lines) + 1
        if again > 1:
            name, code = f"{name} {again}", f"{code}-{again}"
        found.append(Place(code, name, zone))
    return found
