"""Domains of mail providers that anybody can have an address at: one says nothing about which organisation writes.

The list is kept by hand: the free services people in Britain use, the mail that comes with their broadband and mobile
contracts, the large ones of other countries whose people live here, those that hide the sender, and the suffixes under
which domains are sold. What is missing costs little, as an officer confirms each match.
"""

# With any ending: outlook.com, outlook.fr, yahoo.co.uk. Each of these names belongs to one provider everywhere.
_NAMES = frozenset("aol gmx hotmail laposte live outlook protonmail tutanota yahoo yandex ymail".split())
_FREE = """
    gmail.com googlemail.com msn.com passport.com windowslive.com
    icloud.com me.com mac.com rocketmail.com aim.com netscape.net
    proton.me pm.me tuta.com tuta.io tutamail.com keemail.me fastmail.com fastmail.fm fastmail.co.uk hushmail.com
    hey.com mail.com email.com usa.com europe.com post.com mail.co.uk email.co.uk
    zoho.com zohomail.com zohomail.eu inbox.com lycos.com excite.com runbox.com mailbox.org posteo.de posteo.net
    disroot.org startmail.com mailfence.com zoznam.sk duck.com mozmail.com privaterelay.appleid.com simplelogin.com
    mailinator.com guerrillamail.com yopmail.com 10minutemail.com temp-mail.org
"""
_BROADBAND_AND_MOBILE = """
    btinternet.com btopenworld.com btconnect.com talk21.com ee.co.uk orange.net orangehome.co.uk wanadoo.co.uk
    freeserve.co.uk fsnet.co.uk fslife.co.uk fsmail.net fsworld.co.uk fsbusiness.co.uk o2.co.uk o2email.co.uk
    vodafone.net vodafoneemail.co.uk tmobile.net
    sky.com bskyb.com virginmedia.com virgin.net blueyonder.co.uk ntlworld.com ntlbusiness.com cableinet.co.uk
    telewest.co.uk talktalk.net talktalk.co.uk lineone.net tiscali.co.uk tiscali.com tinyworld.co.uk tinyonline.co.uk
    worldonline.co.uk onetel.com onetel.net onetel.co.uk pipex.com dial.pipex.com homecall.co.uk nildram.co.uk
    plus.com plus.net plusnet.com force9.co.uk f9.co.uk free-online.co.uk freenetname.co.uk
    zen.co.uk demon.co.uk aaisp.co.uk eclipse.co.uk waitrose.com supanet.com madasafish.com postmaster.co.uk
    kcom.com karoo.co.uk karoo.net mail.kcom.com manx.net guernsey.net jerseymail.co.uk cwgsy.net
    clara.co.uk clara.net claranet.co.uk globalnet.co.uk ukonline.co.uk uk2.net uwclub.net
    btclick.com care4free.net breathe.com breathemail.net totalise.co.uk which.net
    zetnet.co.uk tesco.net phonecoop.coop
"""
_ABROAD = """
    web.de t-online.de freenet.de arcor.de orange.fr wanadoo.fr free.fr sfr.fr neuf.fr libero.it tiscali.it virgilio.it
    alice.it tin.it telefonica.net terra.es ono.com sapo.pt wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu
    poczta.fm gazeta.pl seznam.cz centrum.cz azet.sk abv.bg mail.bg citromail.hu freemail.hu inbox.lv
    mail.ru bk.ru list.ru inbox.ru rambler.ru ya.ru ukr.net i.ua meta.ua eircom.net iol.ie
    ziggo.nl kpnmail.nl xs4all.nl planet.nl hetnet.nl skynet.be telenet.be bluewin.ch telia.com online.no
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com
    shaw.ca rogers.com sympatico.ca telus.net bigpond.com bigpond.net.au optusnet.com.au xtra.co.nz
    rediffmail.com sify.com qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net
"""
# Under which anybody may have a domain, or a council's schools have theirs.
_SUFFIXES = frozenset("ac.uk co.uk gov.uk ltd.uk me.uk net.uk nhs.uk org.uk plc.uk police.uk sch.uk".split())
_PROVIDERS = frozenset([*_FREE.split(), *_BROADBAND_AND_MOBILE.split(), *_ABROAD.split()])


def is_public_domain(domain: str) -> bool:
    """Whether an address there says nothing about whose it is.

    One below a provider is public too, as some gave one to every customer (demon.co.uk); one below a suffix is not.
    """
    labels = domain.lower().rstrip(".").split(".")
    tails = [labels[start:] for start in range(len(labels) - 1)]
    return ".".join(labels) in _SUFFIXES or any(".".join(tail) in _PROVIDERS or _is_named(tail) for tail in tails)


def organisation_domain(address: str) -> str | None:
    """The domain of an address, in lower case, where it may say whose it is."""
    domain = address.rpartition("@")[2].lower().rstrip(".") if "@" in address else ""
    return domain if "." in domain and not is_public_domain(domain) else None


def _is_named(labels: list[str]) -> bool:
    """outlook.com, yahoo.co.uk, hotmail.com.tr; not outlook.heathfield.example."""
    return labels[0] in _NAMES and (len(labels) == 2 or (len(labels) == 3 and labels[1] in ("co", "com")))
