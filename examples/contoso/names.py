"""Words that generated people are made of: names by region with the offices there, departments, titles, groups.

The names are ordinary ones from telephone books all over the world, chosen for what they do to identity systems:
letters beyond ASCII, apostrophes, hyphens, blanks, a comma.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Names that go together, and the offices where people with such names mostly work."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    offices: tuple[tuple[str, str], ...]  # city, ISO 3166 country


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(";"))


REGIONS = (
    Region(
        given=_words("Seán;Aoife;Ciarán;Niamh;Róisín;James;Charlotte;Oliver;Amelia;Harry;Grace;Thomas;Emily;Rhys;Siân"),
        surnames=_words(
            "O'Brien;O'Sullivan;O’Connor;McCarthy;Fitzgerald;Smith;Taylor;Wright;Harrison;Whitfield;Clarke;Evans;"
            "Llewellyn;Ashton-Hughes;MacLeod"
        ),
        offices=(("Dublin", "IE"), ("Leeds", "GB")),
    ),
    Region(
        given=_words("Jürgen;Käthe;Björn;Anneliese;Götz;Ulrike;Felix;Hannah;Lukas;Zoë;Jörg;Änne;Matthias;Sören;Heike"),
        surnames=_words(
            "Müller;Schröder;Weiß;Größmann;Schulze-Brandt;von Arnim;Köhler;Bäcker;Jäger;Schäfer-Lenz;Zimmermann;"
            "Vogel;Hübner;Krämer;Straßburger"
        ),
        offices=(("Köln", "DE"), ("Zürich", "CH")),
    ),
    Region(
        given=_words("Éloïse;François;Maëlys;Zoé;Loïc;Hélène;Gaël;Noémie;Théo;Anaïs;Jérôme;Chloé;Aurélie;Benoît;Inès"),
        surnames=_words(
            "Lefèvre;d'Aubigné;Bérenger;Le Goff;Dubois;Garçon;L'Hermitte;Moreau;N'Diaye;Diallo;Rousseau;Gauthier-Noël;"
            "Côté;Tremblay;Hébert"
        ),
        offices=(("Lyon", "FR"), ("Montréal", "CA"), ("Dakar", "SN")),
    ),
    Region(
        given=_words("José;María José;Íñigo;Begoña;Ángel;Concepción;Iván;Lucía;Martín;Noelia;Óscar;Pilar;Raúl;Sofía"),
        surnames=_words(
            "García Márquez;Núñez;de la Cruz;Ibáñez;Peña y Lillo;Muñoz;Rodríguez;Fernández-Ordóñez;Quiñones;López;"
            "Castañeda;Güiraldes;Yáñez;del Río"
        ),
        offices=(("Sevilla", "ES"), ("Bogotá", "CO"), ("México", "MX")),
    ),
    Region(
        given=_words("João;Inês;Gonçalo;Beatriz;Luís;Conceição;Tomás;Débora;André;Lívia;Caio;Thaís;Vítor;Simão"),
        surnames=_words(
            "Gonçalves;Simões;dos Santos;Araújo;Conceição;Sá e Melo;Magalhães;Brandão;Guimarães;Falcão;Leitão;"
            "Antunes;Sequeira;Moutinho"
        ),
        offices=(("Porto", "PT"), ("São Paulo", "BR")),
    ),
    Region(
        given=_words("Søren;Åse;Bjørn;Kjærsti;Øyvind;Astrid;Håkon;Maja;Nils;Ragnhild;Þór;Sigríður;Eiður;Aino;Väinö"),
        surnames=_words(
            "Ødegård;Ångström;Bjørnstad;Sørensen;Lindqvist;Hämäläinen;Mäkelä;Guðmundsdóttir;Þorsteinsson;Kjær;"
            "Nygård-Bråten;Høgh;Virtanen;Sæther;Östlund"
        ),
        offices=(("Tromsø", "NO"), ("Århus", "DK"), ("Tampere", "FI")),
    ),
    Region(
        given=_words(
            "Łukasz;Żaneta;Grzegorz;Małgorzata;Jiří;Věra;Ondřej;Šárka;Dušan;Čedomir;Zsófia;Ödön;Ștefan;Ilinca"
        ),
        surnames=_words(
            "Wójcik;Brzęczyszczykiewicz;Ścibor-Rylska;Dvořáková;Řehoř;Černý;Đorđević;Žižek;Kőszegi;Szabó;Țurcanu;"
            "Popescu;Łęcki;Năstase;Hušek"
        ),
        offices=(("Łódź", "PL"), ("Brno", "CZ"), ("Iași", "RO")),
    ),
    Region(
        given=_words("Ayşe;Çağla;Doğan;Elif;Gülşen;Mehmet;Oğuz;Şule;Tuğba;Umut;Yiğit;Zeynep;Barış;Özge"),
        surnames=_words(
            "Yıldırım;Öztürk;Çelik;Şahin;Güneş;Kılıç;Aydoğan;Türkoğlu;Kaya;Demirbaş;Ünal;Erdoğdu;Aksoy;Karakuş"
        ),
        offices=(("Ankara", "TR"),),
    ),
    Region(
        given=_words("Nguyệt;Hương;Đức;Thảo;Minh;Wei;Xiùyīng;Lǐ;Haruka;Kenji;Yūko;Ryō;Ji-woo;Min-jun;Seo-yeon"),
        surnames=_words("Nguyễn;Trần Lê;Phạm;Đặng;Huỳnh;Wáng;Zhāng;Ōno;Satō;Itō;Kobayashi;Kim;Park;Choi;Ouyáng"),
        offices=(("Hà Nội", "VN"), ("Kyōto", "JP"), ("Busan", "KR")),
    ),
    Region(
        given=_words("Aarav;Ananya;Priya;Rohan;Lakshmi;Yusuf;Fatima;Omar;Layla;Chinedu;Ngozi;Thandiwe;Sipho;Kwame;Ama"),
        surnames=_words(
            "Iyer;Krishnamurthy;Singh;Patel;Al-Farsi;ben Youssef;El-Amin;Okonkwo;Adébáyọ;Ng'ang'a;Dlamini;"
            "van der Merwe;Mensah;Nkrumah;Rahman"
        ),
        offices=(("Pune", "IN"), ("Muscat", "OM"), ("Lagos", "NG"), ("Cape Town", "ZA")),
    ),
    Region(
        given=_words("Emma;Liam;Olivia;Noah;Mary Jo;Ethan;Ava;Mason;Isabella;William;Billy-Ray;Sophia;Renée;D'Andre"),
        surnames=_words(
            "Johnson;Williams;Carter, Jr.;Brooks;Montgomery, III;Reyes;Whitehorse;St. John;Hernandez;Jackson-Lee;"
            "D'Angelo;Kowalski;De Vries;Thompson"
        ),
        offices=(("Austin", "US"), ("Boise", "US")),
    ),
)

#: Department → what people there are called, from the many to the few.
DEPARTMENTS = {
    "Sales": _words("Account Manager;Sales Representative;Sales Engineer;Head of Sales"),
    "Marketing": _words("Content Editor;Campaign Manager;Brand Designer;Head of Marketing"),
    "Finance": _words("Accountant;Controller;Payroll Specialist;Head of Finance"),
    "Human Resources": _words("Recruiter;HR Business Partner;Training Coordinator;Head of Human Resources"),
    "Information Technology": _words("Systems Engineer;Service Desk Analyst;Security Engineer;Head of IT"),
    "Research & Development": _words("Software Developer;Test Engineer;Data Scientist;Head of R&D"),
    "Production": _words("Machine Operator;Shift Supervisor;Maintenance Technician;Plant Manager"),
    "Logistics": _words("Warehouse Clerk;Route Planner;Customs Specialist;Head of Logistics"),
    "Legal": _words("Legal Counsel;Paralegal;Data Protection Officer;General Counsel"),
    "Customer Care": _words("Support Agent;Team Lead;Knowledge Manager;Head of Customer Care"),
}

#: Names of groups that are not one of a department or an office.
TOPICS = _words(
    "Works Council;First Aid;Fire Wardens;Sustainability, Travel and Climate;Running Club;Choir;Chess;"
    "Project Åland;Project Über-Cloud;Project “Phoenix”;Project Niño;Architecture Board;Change Advisory Board;"
    "Budget Owners;Purchasing Approvers;Remote Access;Expense Reports;Board Room Booking;Printing Colour;"
    "Apprentices, Interns and Mentors;Emergency Contacts;Internal Audit;Press Office;Canteen Committee;"
    "Release Managers;On-Call;Data Owners;Key Holders;Company Cars;Language Exchange"
)

#: What account names make of a lower-case letter; the rules of the project hold the same table (``Names.Ascii``).
ASCII = {
    **dict.fromkeys("áâãäåāăạảầặ", "a"),
    **dict.fromkeys("çćč", "c"),
    **dict.fromkeys("ðđ", "d"),
    **dict.fromkeys("èéêëęěễệ", "e"),
    **dict.fromkeys("ğ", "g"),
    **dict.fromkeys("íîïīıǐ", "i"),
    **dict.fromkeys("ł", "l"),
    **dict.fromkeys("ñ", "n"),
    **dict.fromkeys("óôõöøōőơọ", "o"),
    **dict.fromkeys("ř", "r"),
    **dict.fromkeys("śşšș", "s"),
    **dict.fromkeys("ț", "t"),
    **dict.fromkeys("ùúüūưứ", "u"),
    **dict.fromkeys("ýỳ", "y"),
    **dict.fromkeys("żž", "z"),
    **dict.fromkeys("'’.", ""),
    "ß": "ss",
    "æ": "ae",
    "þ": "th",
}

#: ISO 3166 country → country calling code.
CALLING_CODES = {
    "BR": 55, "CA": 1, "CH": 41, "CO": 57, "CZ": 420, "DE": 49, "DK": 45, "ES": 34, "FI": 358, "FR": 33, "GB": 44,
    "IE": 353, "IN": 91, "JP": 81, "KR": 82, "MX": 52, "NG": 234, "NO": 47, "OM": 968, "PL": 48, "PT": 351, "RO": 40,
    "SN": 221, "TR": 90, "US": 1, "VN": 84, "ZA": 27,
}  # fmt: skip
