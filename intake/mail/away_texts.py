"""The words with which away notes and other automatic answers give themselves away, in the languages they come in.

Only their wording: what a header says, and what follows from it, is judged in `automatic`. Subjects are matched from
their beginning, bodies only when they are short and say nothing else: a person may write of being away.
"""

import re
from typing import Final

_LONGEST_NOTE: Final = 1500
_OPENING: Final = 300
_MOST_BEFORE: Final = 12

# How automatic answers without any header name themselves, in front of the subject they answer.
_NAMES: Final = (
    r"auto(?:matic|mated)?[ -]?(?:e?mail )?(?:reply|response|responder|answer|acknowledge?ment)",
    r"(?:vacation|holiday|absence|away)[ -](?:auto-?)?(?:reply|response|message|notice|notification|note)",
    (
        r"(?:i am |i'm |i’m |i will be |we are )?(?:currently |now |temporarily )?(?:out[ -]of[ -](?:the[ -]"
        r"|my[ -])?office|not in the"
        r" office)(?: (?:auto-?\s?reply|reply|response|message|e?mail|notification|notice|alert|assistant))?"
    ),
    r"(?:i am |i'm |i’m )?(?:currently )?away from (?:the |my )?(?:office|desk|e?mail)",
    # Welsh, Irish, Maltese
    *(r"(?:ateb|ymateb|neges) awtomatig", r"(?:allan|i ffwrdd) o['’]r swyddfa"),
    *(r"freagra uathoibríoch", r"tweġiba awtomatika"),
    # German, Dutch
    *(r"automatische (?:antwort|abwesenheits(?:notiz|nachricht|meldung))",),
    *(r"(?:ich bin )?nicht im (?:büro|haus)", r"außer haus"),
    *(r"abwesenheits(?:notiz|nachricht|benachrichtigung|meldung|info|hinweis|agent)", r"urlaubs(?:notiz|meldung)"),
    *(r"automatisch (?:antwoord|bericht)", r"automatische reactie"),
    *(r"afwezigheids(?:bericht|melding)", r"buiten kantoor", r"afwezig"),
    # French, Spanish, Catalan, Portuguese, Italian, Romanian, Basque
    *(r"réponse automatique(?: d['’]absence)?", r"(?:message|avis|notification) d['’]absence", r"hors du bureau"),
    *(r"(?:je suis )?(?:actuellement )?absente? du bureau", r"absence du bureau", r"resposta autom[àáa]tica"),
    *(r"respuesta autom[áa]tica", r"(?:estoy )?(?:fuera|ausente) de (?:la )?oficina", r"mensaje de ausencia"),
    *(r"fora d(?:o escritório|a oficina|e l['’]oficina)", r"ausente do escritório"),
    *(r"ausência tempor[áa]ria", r"erantzun automatikoa"),
    *(r"risposta automatica", r"(?:sono )?fuori (?:sede|ufficio)", r"assente dall['’]ufficio", r"r[ăa]spuns automat"),
    # Nordic, Baltic
    *(r"auto-?svar", r"automatis[kt]+ svar"),
    *(r"frånvaromeddelande", r"inte på kontoret", r"fraværs(?:melding|besked)"),
    *(r"ikke (?:til stede|på kontoret)", r"ude af kontoret", r"sjálfvirkt svar", r"automaat(?:ne )?vastus"),
    *(r"automaattinen (?:vastaus|poissaoloviesti)", r"poissaolo(?:ilmoitus|viesti)", r"poissa toimistosta"),
    *(r"automātisk[āa] atbilde", r"automatinis atsakymas"),
    # Slavic
    *(r"automatyczna odpowiedź", r"odpowiedź automatyczna", r"autoodpowiedź", r"poza biurem", r"samodejni odgovor"),
    *(r"automatick[áa] odpov(?:eď|ed|ěď)", r"mimo kancelář[e]?"),
    *(r"mimo kancelárie", r"automatski odgovor", r"аутоматски одговор"),
    *(r"автоматический ответ", r"автоответ(?:чик)?", r"вне офиса", r"автоматична відповідь", r"автоматичен отговор"),
    *(r"извън офиса", r"автоматски одговор", r"аўтаматычны адказ"),
    # Others
    *(r"automatikus válasz", r"házon kívül", r"αυτόματη απάντηση", r"εκτός γραφείου", r"otomatik (?:yanıt|cevap)"),
    *(r"ofis dışında", r"përgjigje automatike", r"avtomatik cavab", r"स्वचालित (?:उत्तर|जवाब)"),
    *(
        r"自動(?:応答|返信|回覆|回复|返答)",
        r"自动(?:答复|回复)",
        r"不在(?:通知|のお知らせ)",
        r"자동 ?(?:회신|응답)",
        r"부재 ?중",
    ),
    *(r"رد تلقائي", r"رد آلي", r"الرد التلقائي", r"תשובה אוטומטית", r"מענה אוטומטי", r"پاسخ خودکار"),
    *(r"trả lời tự động", r"ตอบกลับอัตโนมัติ", r"balasan otomatis", r"jawapan automatik", r"tugon na awtomatiko"),
)
# Words that say so only where nothing follows but until when, and such that need that: a letter may be about absence.
_BARE_NAMES: Final = (
    *(r"ooo", r"ooto", r"(?:i am |i'm |i’m )(?:currently )?away", r"(?:annual|maternity|paternity|parental) leave"),
    (
        r"(?:i am |i'm |i’m )?(?:currently )?on (?:annual |maternity |paternity |parental |sick )?(?:leave"
        r"|holidays?|vacation)"
    ),
    *(r"ar (?:wyliau|absenoldeb)", r"(?:ich bin )?(?:abwesend|im urlaub)"),
    *(r"(?:je suis )absente?", r"en congés?", r"in ferie"),
    *(r"de vacaciones", r"(?:de|em) férias", r"(?:în|in) concediu"),
    *(r"niet aanwezig", r"(?:met|op) vakantie", r"på (?:ferie|semester)"),
    *(r"lomalla", r"(?:jestem )?nieobecn[ya]", r"odsoten", r"odsutan", r"в отпуске", r"у відпустці", r"不在です"),
)
_NOUNS: Final = (
    *(r"away", r"i ffwrdd", r"abwesenheit", r"urlaub", r"absente?"),
    *(r"absence", r"ausente", r"ausencia", r"ausência", r"férias"),
    *(r"assen(?:te|za)", r"ferie", r"frånvaro", r"semester"),
    *(r"fravær(?:ende)?", r"poissa", r"prombūtn[eē]", r"nieobecność"),
    *(r"nepřítomnost", r"neprítomnosť", r"leave", r"holidays?", r"vacation"),
)
_UNTIL: Final = (
    r"(?:un)?till?|through|returning|back|bis|vom|jusqu['’]?au|hasta|fino|dal|tot|t/m|fram|tan|hyd|do|od|до|с"
    r"|\d{1,2}[./]"
)
# What may stand right after a name; "Out of office hours at schools" goes on otherwise.
_AFTER: Final = (
    r"\s*(?:$|[:：!.,(\[;]|[-–—_|/]\s|\bre\s*:)"
    rf"|\s+(?:{_UNTIL}|from|between|re:|du|del|desde|van|til|fra|från|due to|today|with)(?:\b|(?<=\W))"
)
_TIME_AFTER: Final = rf"\s*[-–—:,(]?\s*(?:{_UNTIL})(?:\b|(?<=\W))"
# The closing brackets of "Re: Consultation (Auto-Reply)".
_TAIL: Final = (
    r"auto(?:matic|mated)?[ -]?(?:reply|response)|out[ -]of[ -](?:the[ -])?office|abwesend|absen(?:t|ce)|autosvar"
)
# Lotus Notes and others name the person: "Ben Hughes is out of the office (returning 02/03/2020)".
_NAMED: Final = (
    (
        r"is (?:currently |now )?(?:out of (?:the )?office|away from (?:the|his|her|their) (?:office|desk)"
        r"|on (?:annual )?leave)"
    ),
    r"ist (?:derzeit |zur zeit |momentan |ab dem [\d.]+ )?(?:nicht im (?:büro|haus)|außer haus|abwesend|im urlaub)",
    r"est (?:actuellement )?(?:absente?|en congés?)",
    *(r"est[áa] (?:ausente|fuera de la oficina)", r"(?:è|e') (?:assente|fuori ufficio)", r"non è in ufficio"),
    *(r"is (?:momenteel )?(?:afwezig|niet aanwezig|buiten kantoor)", r"är inte på kontoret", r"er ikke på kontoret"),
)
_SUBJECT: Final = re.compile(
    rf"[\[(*#<{{]{{0,2}}\s?(?:(?:{'|'.join(_NAMES)})(?:[\])*#>}}]|{_AFTER})|auto\s*:|ooo\s*[:-]"
    rf"|(?:{'|'.join(_BARE_NAMES)})(?:[\])*#>}}.!\s]*$|\s*\bre\s*:|{_TIME_AFTER})"
    rf"|(?:{'|'.join(_NOUNS)}){_TIME_AFTER})"
    rf"|.{{0,80}}?\b(?:{'|'.join(_NAMED)})\b[^,]{{0,40}}$"
    rf"|.{{0,200}}?[(\[](?:{_TAIL})[)\]]\s*$",
    re.IGNORECASE,
)

# What an away note says first (away), and what it says besides (return, or whom to ask instead).
_AWAY: Final = re.compile(
    r"\b(?:i|we|he|she|they|staff|office)\b(?:['’]m|['’]ll be| am| are| is| will be| shall be| have)?"
    r"(?: (?:currently|presently|now|also|both|all|temporarily|either|be|working))*"
    r" (?:(?:out of|away from|not in|absent from|not at|out from) (?:the |my |our )?(?:office|desk|work|country"
    r"|town|e-?mails?|school|building)"
    r"|away (?:on|until|till|from|at|for|and|this|with|in|attending)|on (?:a )?(?:short |extended )?(?:annual"
    r"|maternity|paternity|parental|sick|"
    r"medical|study|special|compassionate|long[ -]term|adoption)? ?(?:leave|holidays?|vacation|secondment"
    r"|sabbatical|sick)|off sick"
    r"|out of office|on my holidays|travelling)\b"
    r"|\b(?:office|school|we|centre|library|reception)(?: is| are| will be)(?: now| currently)? closed (?:until"
    r"|till|for|from|over|and|today|due)\b"
    r"|\b(?:i am|i['’]m) (?:currently|presently|temporarily) (?:unavailable|not available)"
    r"|\bi (?:only )?work (?:part[- ]time|(?:on )?(?:mon|tues|wednes|thurs|fri)days?)|\b(?:my|our) (?:working"
    r"|office) (?:days|hours) are"
    r"|\bthank(?:s| you) for (?:your (?:e-?mail|message|enquiry)|e-?mailing"
    r"|contacting)[^.!]{0,80}?[.!,]?\s+(?:unfortunately,? )?(?:i am|i['’]m|i will be|we are)"
    r" (?:currently |now |presently )?(?:away|out|on (?:annual )?(?:leave|holiday|vacation)|unavailable"
    r"|not (?:available|in))\b"
    r"|\b(?:rwy|rydw|rwyf)(?:['’]n| i| yn|['’]r)*(?: ar hyn o bryd)?(?: ar| i| allan)* (?:ffwrdd|wyliau"
    r"|absenoldeb|o['’]r swyddfa)|\bnid wyf yn y swyddfa|\brwy['’]n gweithio['’]n rhan amser"
    r"|\bich (?:bin|befinde mich).{0,60}?(?:nicht im (?:büro|haus|dienst)|abwesend|außer haus|im urlaub"
    r"|nicht erreichbar|nicht am arbeitsplatz|in elternzeit)"
    r"|\b(?:(?:vom|ab|von) .{1,40}?)?\bbin ich.{0,60}?(?:nicht im (?:büro|haus)|abwesend|außer haus|im urlaub"
    r"|nicht erreichbar)"
    r"|\babsente? (?:du bureau|jusqu|du \d)|\bje (?:suis|serai).{0,40}?(?:absente?|en congés?|hors du bureau"
    r"|en vacances|en déplacement)"
    r"|\b(?:estoy|estaré|me encuentro|me encontraré).{0,40}?(?:fuera de (?:la )?oficina|de vacaciones|ausente)"
    r"|\b(?:estou|estarei|encontro-me).{0,40}?(?:ausente|de férias|em férias|fora do escritório)"
    r"|\b(?:sono|sarò).{0,40}?(?:fuori (?:ufficio|sede)|assente|in ferie)"
    r"|\bik ben.{0,60}?(?:afwezig|niet aanwezig|met vakantie|op vakantie|met verlof|niet op kantoor"
    r"|buiten kantoor)|\b(?:van .{1,40}?)?\bben ik.{0,60}?(?:afwezig|vakantie|verlof)"
    r"|\bjag (?:är|har).{0,40}?(?:semester|inte på kontoret|tjänstledig|föräldraledig|frånvarande|bortrest)"
    r"|\bjeg (?:er|har|holder).{0,40}?(?:ferie|ikke på kontoret|ikke til stede|permisjon|fraværende|bortreist)"
    r"|\b(?:olen|olemme).{0,40}?(?:lomalla|poissa)"
    r"|\b(?:jestem|będę|przebywam).{0,60}?(?:na urlopie|nieobecn[ya]|poza biurem)"
    r"|\b(?:jsem|budu|som|budem).{0,40}?(?:mimo kancelář|na dovolené|na dovolenke|nepřítom|neprítom)"
    r"|я.{0,40}?(?:в отпуске|не в офисе|отсутству)|буду отсутствовать|я.{0,30}?у відпустці"
    r"|\bsunt (?:în|in) concediu|.{0,60}?izindeyim|休暇|不在に|외출|휴가|休假|不在办公室|εκτός γραφείου|ofis dışında"
    r"|szabadságon|házon kívül",
    re.IGNORECASE,
)
_RETURN: Final = re.compile(
    r"\b(?:return|back (?:in|on|at|to)|limited access|no access|intermittent|not have access|urgent|in my absence|"
    r"as soon as (?:i|possible)|please (?:contact|e-?mail|call|ring|direct|forward|speak|phone)|will (?:reply"
    r"|respond|get back|be (?:read|dealt))|"
    r"forwarded|monitored|re-?open|cysyllt|brys|ymateb|dychwel|zurück|wieder (?:im|da|für|erreichbar)"
    r"|nicht (?:weitergeleitet|gelesen)|dringend|wenden sie sich|weitergeleitet|répondr|retour|urgence|"
    r"contacter|hasta|urgente|contacte|contactar|contestar|responder|regres|volver|rientro|ritorno|contattare"
    r"|terug|beantwoord|dringende|contact op|tillbaka|"
    r"åter|tilbake|tilbage|haster|brådskande|kontakta?|palaan|kiireelli|piln|wracam|powr|kontakt|odpowiem"
    r"|naléhav|zpět|вернусь|срочн|коллег|ответ|urgențe|acil|sürgős|έκτακτ|επικοινων)",
    re.IGNORECASE,
)
_GREETING: Final = re.compile(
    r"(?:(?:dear|hello|hi|hiya|good (?:morning|afternoon|evening|day)|annwyl|helo|bore da|prynhawn da"
    r"|sehr geehrte[rs]?|guten tag|hallo|liebe[rs]?|bonjour|madame|estimad[oa]s?|buenos días|hola|"
    r"bom dia|boa tarde|ol[áa]|buongiorno|gentile|ciao|beste|geachte|hej|hei|god dag|dzień dobry|witam|szanowni"
    r"|dobrý den|здравствуйте|добрый день|добрий день|bună ziua|merhaba)\b[^.,!:]{0,50}[.,!:]?\s*)?"
    r"(?:(?:many )?(?:thank|diolch|vielen dank|danke|merci|gracias|obrigad[oa]|grazie|bedankt|dank (?:u|je)"
    r"|tack|tak\b|takk|kiitos|dziękuję|děkuj|спасибо|mulțumesc|σας ευχαριστώ)[^.!,]{0,120}[.!,]\s*)?"
    r"(?:(?:please (?:note|be aware)(?: that)?|unfortunately|(?:i['’]m |i am )?(?:sorry|afraid)(?: but| that)?"
    r"|apologies(?: but)?|bitte beachten sie|note that)[, ]\s*)*",
    re.IGNORECASE,
)
_ONE_SENTENCE: Final = re.compile(r"[^.!,;]{0,60}(?:\.\d[^.!,;]{0,60}){0,4}[.!]?(?: [^.!,;]{1,30})?", re.DOTALL)
_ACKNOWLEDGING: Final = re.compile(
    r"\b(?:this|which) is an? (?:auto(?:matic|mated|-?generated)?[ -](?:e-?mail )?)(?:reply|response"
    r"|acknowledge?ment|responder|answer)\b"
    r"|\b(?:dies ist eine automatische|cette réponse est automatique|ceci est une réponse automatique"
    r"|esta es una respuesta automática|"
    r"questa è una risposta automatica|dit is een automatisch|detta är ett automatiskt|dette er (?:et|en)"
    r" automatisk|"
    r"mae hwn yn ateb awtomatig|to jest automatyczna|это автоматический ответ)",
    re.IGNORECASE,
)
# A letter that says more than that its writer is away.
_OPINION: Final = re.compile(
    r"\b(?:(?:dis)?agree|oppose|object(?:ion|ions)?|proposals?|propose|in favour|(?:my|our) views?|attach(?:ed"
    r"|ment)|please find|"
    r"(?:i|we) (?:fully |strongly )?(?:support|think|believe|feel|hope|want(?:ed)?|write|suggest|wonder)|(?:i"
    r"|we)['’]d like|before (?:i|we) (?:go|went|left)|briefly|yes|option [a-f]|because|extend|when (?:i"
    r"|we) (?:was|were|got)|"
    r"cytuno|cynnig|stimme|zustimme|vorschlag|d['’]accord|propuesta|voorstel|förslag)\b|\?",
    re.IGNORECASE,
)
# What mail clients answer when asked to say that an email was read, without the report of RFC 8098.
_RECEIPT_SUBJECT: Final = re.compile(
    r"(?:read|not read|deleted|return receipt|read receipt|receipt|gelesen|ungelesen|nicht gelesen|gelöscht"
    r"|lesebestätigung|empfangsbestätigung|lu|non lu|accusé de (?:lecture|réception)|"
    r"confirmation de lecture|leído|no leído|confirmación de lectura|lida|não lida|letto|non letto"
    r"|ricevuta di (?:ritorno|lettura)|conferma di lettura|gelezen|leesbevestiging|läst|läskvitto|lest|læst|"
    r"kvittering|luettu|przeczytan[eo]|potwierdzenie|přečten[oé]|prečítané|прочитано|darllenwyd|已读|既読"
    r"|開封済み)\b[^:：]{0,30}(?:[:：]|-|$)",
    re.IGNORECASE,
)
_RECEIPT: Final = re.compile(
    r"(?:.{0,80}?\b(?:your|ihre|votre|su|sua|il|uw|ditt|din|deres|twoja|vaše|eich|ваше|the) (?:e-?mail|message"
    r"|nachricht|mail|mensaje|mensagem|messaggio|bericht|meddelande|melding|besked|"
    r"wiadomość|zpráva|neges|сообщение)\b.{0,400}?\b(?:was|were|has been|wurde|a été|se ha|fue|ha sido|foi"
    r"|è stato|is|har|ble|blev|została|byla|было)\b.{0,80}?(?:read|displayed|opened|deleted|gelesen|"
    r"angezeigt|geöffnet|gelöscht|lu|affiché|ouvert|supprimé|leído|mostrado|abierto|lid[ao]|letto|visualizzato"
    r"|gelezen|läst|lest|læst|przeczytan|přečten|прочитано)"
    r"|.{0,60}?\bthis is a (?:return|read) receipt|.{0,60}?\breceipt for (?:the|your) (?:e-?mail|message))",
    re.IGNORECASE,
)


def is_away_subject(subject: str) -> bool:
    """Whether a subject names its email an automatic answer."""
    return _SUBJECT.match(subject.strip()) is not None


def is_away_note(text: str) -> bool:
    """Whether a text is nothing but an away note: short, opening with it, answering and quoting nothing."""
    words = " ".join(text[: _LONGEST_NOTE + 1].split())
    if not words or len(words) > _LONGEST_NOTE or "\n>" in text[:_LONGEST_NOTE] or _OPINION.search(words):
        return False
    if _ACKNOWLEDGING.search(words):
        return True
    begins = _begins(words)
    found = _AWAY.search(words, begins, begins + _OPENING)
    if not found or found.start() - begins > _MOST_BEFORE:
        return False
    return bool(_RETURN.search(words, found.start()) or _ONE_SENTENCE.fullmatch(words, found.start()))


def _begins(words: str) -> int:
    """Behind the greeting and the thanks."""
    greeting = _GREETING.match(words)
    return greeting.end() if greeting else 0


def is_receipt(subject: str, text: str) -> bool:
    """Whether an email only says that another was read, or deleted unread."""
    words = " ".join(text[:_LONGEST_NOTE].split())
    return bool(_RECEIPT_SUBJECT.match(subject.strip()) and _RECEIPT.match(words))
