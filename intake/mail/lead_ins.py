"""The phrases mail programs put around what they quote or forward, by language. Data only: nothing here reads an
email.

Gathered from what the programs themselves write: Outlook, Gmail, Apple Mail, Thunderbird, Yahoo, Notes, GroupWise and
mail.ru. Everything is compared with `str.casefold`.
"""

from typing import Final

HeaderName = str  # one of the keys of HEADER_LABELS


def words(table: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in table.split())


def phrases(table: str) -> frozenset[str]:
    r"""The comma-separated phrases of a table above, casefolded; `\,` is a comma inside a phrase."""
    whole = " ".join(table.split()).replace("\\,", "\0")
    return frozenset(phrase.strip().replace("\0", ",").casefold() for phrase in whole.split(",") if phrase.strip())


WROTE: Final = {
    "en": "wrote, writes, said, quoting",
    "cy": "ysgrifennodd, ysgrifennwyd, wedi ysgrifennu, sgwennodd",
    "bg": "написа",
    "be": "напісаў",
    "br": "skrivet gant",
    "ca": "va escriure, ha escrit",
    "cs": "napsal, napsala, napsal(a), píše",
    "da/nb/sv": "skrev, skreiv, skrev følgende",
    "de": "schrieb, geschrieben, schrieben, schrieben sie, zitat von",
    "el": "έγραψε",
    "es/gl": "escribió, ha escrito, escribiu",
    "et": "kirjutas",
    "eu": "idatzi du, idatzi zuen, igorleak idatzi zuen",
    "fi": "kirjoitti",
    "fr": "a écrit, écrit, a ecrit, nous a dit",
    "ga/gd": "scríobh, sgrìobh",
    "hr/sr": """napisao je, je napisao, je napisala, napisao, napisala, napisao/la, је написао, је написала,
        је написао/ла""",
    "sl": "je napisal, napisal, napisala, napisal/a, je napisal(a)",
    "sq": "shkroi",
    "hu": "írta, írt",
    "id": "menulis",
    "is": "skrifaði",
    "mk": "напиша",
    "it": "ha scritto, scrive, scritto, citando",
    "lt": "rašė",
    "lv": "rakstīja",
    "nl": "schreef, geschreven, citeren",
    "pl": "napisał, napisała, napisał(a), pisze, cytowanie",
    "pt": "escreveu",
    "ro": "a scris",
    "ru": "написал, написала, написал(а), пишет",
    "sk": "napísal, napísala, napísal(a)",
    "tr": "yazdı, şunu yazdı, şunları yazdı",
    "uk": "написав, написала, написав(ла), пише",
    "vi": "đã viết",
}
# Scripts without word boundaries, and suffixed verbs.
WROTE_ANYWHERE: Final = """
    写道, 寫道, 写入, 寫入, のメール, 書きました, 님이 작성, 작성, 쓴 글, כתב, כתבה, כתב/ה, كتب, کتب, نوشت, เขียน
"""

# What a lead-in begins with, where it does not begin with a number or an address.
OPENERS: Final = words(
    """
    on în no às noong ar am le el em il in op den d. på dne dňa dnia w o ne on- la pe on: во в у на
    στις στο em: a kl. kl
    tarihinde 在 於 于 ב ב- בתאריך في vào pada þann páa kuupäeval datums ngày em. dana dňa. zo op: al het
    quoting

    """
)
WEEKDAYS: Final = words(
    """
    mon tue wed thu fri sat sun mo di mi do fr sa so lun mar mer jeu ven sam dim lunes martes mié miércoles jue
    jueves vie viernes sáb sábado dom domingo seg ter qua qui sex ma wo za zo mån tis ons tors fre lör sön man tir
    tor lør søn ti ke to pe la su pon wt śr czw pt sob niedz po út st čt pá ne пн вт ср чт пт сб вс нд llun maw iau
    gwe sad sul pzt sal çar per cum cmt paz κυρ δευ τρί τετ πέμ παρ σάβ monday tuesday wednesday thursday friday
    saturday sunday čet uto sri sub ned joi vin sâm dum mie št pi šest czwartek wtorek środa piątek sobota niedziela
    poniedziałek четверг чет
    """
)

ORIGINAL_MESSAGE: Final = """
    original message, original e-mail, original email, original message follows, reply message, neges wreiddiol, y
    neges wreiddiol, originalnachricht, ursprüngliche nachricht, original-nachricht, ursprüngliche mail, message
    d'origine, message d’origine, message original, message initial, mensaje original, missatge original, messaggio
    originale, mensagem original, oorspronkelijk bericht, origineel bericht, oprindelig meddelelse, original
    meddelelse, oprindelig besked, ursprungligt meddelande, originalmeddelande, opprinnelig melding, original
    melding, alkuperäinen viesti, wiadomość oryginalna, oryginalna wiadomość, původní zpráva, původní e-mail,
    pôvodná správa, eredeti üzenet, mesaj original, mesajul original, исходное сообщение, оригинальное сообщение,
    первоначальное сообщение, вихідне повідомлення, оригінальне повідомлення, оригинално съобщение, orijinal mesaj,
    orijinal ileti, özgün ileti, αρχικό μήνυμα, izvorna poruka, originalna poruka, izvirno sporočilo, algne kiri,
    algsõnum, oriģinālais ziņojums, pradinis laiškas, upprunaleg skilaboð, tin nhắn gốc, thư gốc, pesan asli,
    原始邮件, 原始郵件, 原邮件, 元のメッセージ, 원본 메시지, 원본 메일, הודעה מקורית, ההודעה המקורית, الرسالة
    الأصلية, πρωτότυπο μήνυμα, teachtaireacht bhunaidh, original appointment, ursprüngliche mitteilung, urspr.
    nachricht, treść oryginalnej wiadomości, pierwotna wiadomość, originalus laiškas, upprunalegur póstur, mensaxe
    orixinal, jatorrizko mezua, an teachdaireachd thùsail, kemennadenn orinel, opphavleg melding, mesazhi origjinal,
    оригинално писмо, оригинална порака, зыходны ліст, початкове повідомлення, alkuperäinen viesti / orig.msg.,
    pôvodná správa --- original message, pôvodný e-mail, originální zpráva, izvorno sporočilo, original mail,
    mail original, 原始消息, 原信件, 元のメール, الرسالة الأصليَّة, ข้อความต้นฉบับ, ข้อความเดิม
"""
FORWARDED_MESSAGE: Final = """
    forwarded message, forwarded mail, forwarded email, begin forwarded message, forwarded by, forwarded letter,
    neges a anfonwyd ymlaen, neges wedi'i hanfon ymlaen, neges wedi’i hanfon ymlaen, neges wedi'i blaenyrru,
    dechrau'r neges a anfonwyd ymlaen, anfonwyd ymlaen gan, weitergeleitete nachricht, anfang der weitergeleiteten
    nachricht, weitergeleitete e-mail, weitergeleitete mail, weitergeleitet von, message transféré, mail transféré,
    e-mail transféré, courriel transféré, début du message transféré, début du message réexpédié, message réexpédié,
    transféré par, réacheminé par, mensaje reenviado, inicio del mensaje reenviado, reenviado por, missatge
    reenviat, inici del missatge reenviat, messaggio inoltrato, inizio messaggio inoltrato, inoltrato da, mensagem
    encaminhada, mensagem reencaminhada, início da mensagem encaminhada, início da mensagem reencaminhada,
    encaminhado por, doorgestuurd bericht, begin doorgestuurd bericht, doorgestuurde e-mail, doorgestuurd door,
    videresendt meddelelse, videresendt besked, start på videresendt besked, videresendt mail, videresendt af,
    videresendt melding, start på videresendt melding, videresendt e-post, begynnelse på videresendt melding,
    vidarebefordrat meddelande, vidarebefordrat mejl, vidarebefordrat brev, vidarebefordrat e-postmeddelande,
    vidarebefordrat mail, vidarebefordrade meddelandet, början på vidarebefordrat meddelande, början på det
    vidarebefordrade brevet, välitetty viesti, välitetty viesti alkaa, edelleenlähetetty viesti, lähetetty edelleen,
    przekazana wiadomość, wiadomość przekazana dalej, początek przekazywanej wiadomości, treść przekazanej
    wiadomości, przekazana dalej wiadomość, přeposlaná zpráva, předaná zpráva, začátek přeposílané zprávy,
    přeposlaný e-mail, preposlaná správa, začiatok preposlanej správy, továbbított üzenet, továbbított levél
    kezdete, továbbított levél, mesaj redirecționat, mesaj redirecţionat, mesaj transmis, mesaj transmis mai
    departe, începe mesajul redirecționat, începe mesajul redirecţionat, începutul mesajului redirecționat, mesaj
    înaintat, пересылаемое сообщение, пересланное сообщение, перенаправленное сообщение, начало переадресованного
    сообщения, начало пересылаемого сообщения, пересланное письмо, пересылаемое письмо, переслане повідомлення,
    перенаправлене повідомлення, початок листа\\, що пересилається, переслане повідомлення починається, пересланий
    лист, препратено съобщение, начало на препратеното съобщение, iletilmiş mesaj, iletilen mesaj, iletilmiş ileti,
    iletilen ileti, ileti başlangıcı, yönlendirilen mesaj, yönlendirilmiş mesaj, yönlendirilmiş ileti, προωθημένο
    μήνυμα, έναρξη προωθημένου μηνύματος, proslijeđena poruka, započni proslijeđenu poruku, početak proslijeđene
    poruke, прослеђена порука, prosleđena poruka, posredovano sporočilo, začetek posredovanega sporočila, edastatud
    kiri, edastatud sõnum, pārsūtītā ziņa, pārsūtīts ziņojums, persiųstas laiškas, persiųsta žinutė, áframsend
    skilaboð, thư đã chuyển tiếp, tin nhắn đã chuyển tiếp, bắt đầu thư được chuyển tiếp, pesan terusan, pesan yang
    diteruskan, 转发的消息, 转发邮件, 转发邮件信息, 轉寄郵件, 轉寄的郵件, 轉寄信件, 已轉寄的郵件, 被转发邮件信息,
    下面是被转发的邮件, 以下は転送されたメッセージです, 転送されたメッセージ, 転送メッセージ, 転送メール, 전달된
    메일, 전달된 메시지, הודעה שהועברה, תחילת ההודעה שהועברה, رسالة معاد توجيهها, بداية الرسالة المعاد توجيهها,
    الرسالة المعاد توجيهها, رسالة ممرّرة, mensaxe reunviáu, mensaxe reenviada, накіраваны ліст, препратено писмо,
    birbidalitako mezua, välitetty viesti / fwd.msg, trochstjoerd berjocht, teachtaireacht ar aghaidh,
    teachtaireacht curtha ar aghaidh, an teachdaireachd a tha ’ga shìneadh air adhart, áframsendur póstur,
    vidaresend melding, videresendt e-mail, messadi renvià, preposlaná správa --- forwarded message, mesazhi i
    përcjellë, neges anfonwyd ymlaen, neges wedi ei hanfon ymlaen, anfang der weitergeleiteten e-mail, beginn der
    weitergeleiteten nachricht, message transmis, courriel réexpédié, début de l'e-mail transféré, début de l’e-mail
    transféré, mensaje remitido, wiadomość przesłana dalej, przesłana wiadomość, wiadomość przekazana, inizio del
    messaggio inoltrato, e-mail inoltrata, mesaj redirectionat, препратена порака, preposlaný e-mail, továbbított
    e-mail, iletilen e-posta, yönlendirilen ileti, προωθημένο e-mail, αρχή προωθημένου μηνύματος, posredovana
    e-pošta, edasi saadetud kiri, edastatud e-kiri, pārsūtīts e-pasts, pārsūtītais ziņojums, persiųstas pranešimas,
    thư chuyển tiếp, thư được chuyển tiếp, mulai pesan yang diteruskan, mesej yang dimajukan, 被转发的邮件,
    转发的邮件, 以下是轉寄的郵件, 開始轉寄郵件, 轉寄的信件, メッセージを転送, 転送されたメール, 전달된 이메일,
    ข้อความที่ส่งต่อ, ข้อความส่งต่อเริ่มต้น, this is a forwarded message
"""

# With these, between dashes, some programs end what they forwarded.
END_OF_MESSAGE: Final = """
    end forwarded message, end of forwarded message, end of original message, original message ends, конец пересылаемого
    сообщения, завершение пересылаемого сообщения, конец пересланного сообщения, кінець пересланого повідомлення,
    ende der weitergeleiteten nachricht, ende der ursprünglichen nachricht, fin du message transféré, fin du message
    réexpédié, fin du message d'origine, fine messaggio inoltrato, fine del messaggio inoltrato, fin del mensaje
    reenviado, fim da mensagem encaminhada, fim da mensagem reencaminhada, einde doorgestuurd bericht, einde van het
    doorgestuurde bericht, slut på vidarebefordrat meddelande, slut på videresendt meddelelse, koniec przekazanej
    wiadomości, koniec przekazywanej wiadomości, konec přeposlané zprávy, koniec preposlanej správy, diwedd y neges a
    anfonwyd ymlaen
"""

HEADER_LABELS: Final[dict[HeaderName, str]] = {
    "from": """
        from, oddi wrth, oddiwrth, o, gan, von, absender, de, expéditeur, remitente, remetente, da, mittente, van,
        afzender, från, avsändare, fra, avsender, afsender, od, odesílatel, odosielateľ, nadawca, lähettäjä,
        keneltä, feladó, de la, expeditor, expeditorul, от, от кого, від, від кого, kimden, gönderen, από, šalje,
        pošiljatelj, pošiljalac, saatja, nuo, no, frá, dari, từ, người gửi, 发件人, 寄件者, 寄件人, 差出人, 送信者,
        보낸 사람, 보낸사람, מאת, من, av, ó, отправитель, відправник, подател, nork, igorlea, 발신, 보낸이, 발신자,
        送信元, จาก, ผู้ส่ง, nga, frå, ад, од, a-berzh, daripada, pengirim, sūtītājs, siuntėjas, المرسل, השולח
    """,
    "sent": """
        sent, date, sent on, date sent, sent at, anfonwyd, dyddiad, gesendet, gesendet am, datum, envoyé, envoyé le,
        date d'envoi, enviado, enviado el, enviado em, enviada em, enviada, fecha, enviat, data, inviato, data
        invio, verzonden, verzonden op, skickat, sendt, dato, lähetetty, päivä, päiväys, päivämäärä, pvm, wysłano,
        wysłane, wysłany, odesláno, odoslané, dátum, küldve, elküldve, dátuma, trimis, dată, data trimiterii,
        отправлено, дата, дата и время, отправлен, надіслано, відправлено, изпратено, tarih, gönderildi, gönderim
        tarihi, gönderme tarihi, gönderilme tarihi, στάλθηκε, απεστάλη, ημερομηνία, poslano, poslato, saadetud,
        kuupäev, išsiųsta, nosūtīts, datums, dags, sent date, tanggal, dikirim, ngày, đã gửi, ngày gửi, gửi lúc,
        terkirim, dihantar, gönderilen, posláno, odeslané, siųsta, sūtīts, bidaltze-data, bidalia, seolta, dáta,
        dagsetning, deiziad, ceann-là, dërguar, datë, enviat el, data d'enviament, послато, испратено, дата
        отправки, αποστολή, ημ/νία, ส่ง, ส่งเมื่อ, วันที่, 时间, 時間, 발신일, 보낸 시간, تاريخ الإرسال, أُرسلت, תאריך
        שליחה, 发送时间, 发送日期, 日期, 傳送日期, 寄件日期, 送信日時, 日時, 日付, 보낸 날짜, 보낸날짜, 날짜, נשלח,
        תאריך, تاريخ, التاريخ, تم الإرسال, время, seoladh
    """,
    "to": """
        to, at, i, an, empfänger, à, a, pour, destinataire, para, destinatario, destinatário, per, aan, naar, till,
        til, mottaker, modtager, mottagare, vastaanottaja, kenelle, do, dla, komu, pro, adresát, adresat, príjemca,
        címzett, către, catre, destinatarul, кому, до, kime, alıcı, προς, prima, za, saaja, kellele, kam, gavėjas,
        kepada, đến, tới, người nhận, 收件人, 收件者, 宛先, 받는 사람, 받는사람, אל, إلى, 收信人, chuig, chun,
        adressaat, adresāts, per a, nori, untuk, penerima, за, каму, për, gu, pre, odbiorca, destinataires,
        destinatari, destinatários, destinatarios, ontvanger, viðtakandi, ถึง, ผู้รับ, 送信先, 受信者, 수신, 수신자,
        받는이, المستلم, הנמען
    """,
    "cc": """
        cc, copi, copïau, kopie, kopie an, copie, copie à, copia, còpia, cópia, kopia, kopi, kopi til, kopio, kópia,
        dw, do wiadomości, másolat, másolatot kap, копия, копія, копија, bilgi, κοιν, κοινοποίηση, kopija, koopia, kk,
        c.c, 抄送, 副本, 参照, 참조, עותק, نسخة, đồng gửi, kopie (cc), copie (cc), kp, kp., копие, коп,
        коп.,
        κοιν., a/c, afrit, eilenn, tembusan, salinan, másolatot kapnak, สำเนา, สำเนาถึง, 副本抄送, העתק, نسخة إلى
    """,
    "subject": """
        subject, pwnc, testun, betreff, objet, sujet, asunto, assumpte, oggetto, assunto, onderwerp, ämne, rubrik,
        emne, aihe, otsikko, temat, předmět, predmet, tárgy, subiect, subiectul, тема, относно, konu, θέμα, naslov,
        teema, tema, temats, efni, subjek, perihal, chủ đề, tiêu đề, 主题, 主題, 主旨, 件名, 제목, נושא, موضوع,
        الموضوع, ábhar, zadeva, tēma, ogg, gaia, cuspair, danvell, subjekti, тэма, предмет, pealkiri, หัวเรื่อง, เรื่อง,
        题目, 標題, 주제
    """,
    "reply-to": """
        reply-to, reply to, ateb i, antwort an, antworten an, répondre à, responder a, rispondi a, risposta, svar
        til, svara till, antwoord aan, antwoord-naar, odpověď, odpověď na, odpowiedz do, vastaus, vastausosoite,
        válaszcím, răspuns către, ответить, кому ответить, yanıtla, yanıt adresi, 返信先, 回复, 회신, odgovori na,
        ответ-кому, odpovedať-pre, кому відповісти, odpowiedź-do, απάντηση σε, отговор до, ymateb i
    """,
    "other": """
        bcc, importance, sender, organisation, reply, x-mailer, in-reply-to, references, return-path, flag status,
        follow up flag, anhänge, anlage, bilagor, bijlage, liite, załącznik, priority, sensitivity, attachments,
        attachment, categories, message-id, organization, resent-from, pwysigrwydd, atodiadau, wichtigkeit,
        priorität, anlagen, anhang, pièces jointes, pièce jointe, importancia, datos adjuntos, allegati, priorità,
        importância, anexos, urgentie, bijlagen, vigtighed, vedhæftede filer, prioritet, bifogade filer, viktighet,
        vedlegg, tärkeys, liitteet, ważność, załączniki, důležitost, přílohy, fontosság, mellékletek, важность,
        вложения, 附件, 重要性
    """,
}

FORWARD_PREFIXES: Final = phrases(
    """
    fw, fwd, fwded, forward, forwarded, forwarding, yml, anfonwyd ymlaen, tr, wg, rv, i, enc, pd, vb, vl, fs,
    ed, doorst, doorgestuurd, weitergeleitet, weiterleitung, továbbítás, továbbítva, továbbított, tova, tov,
    videresend, videresendt, ilt, ilet, i̇lt, iletilen, iletildi, yönlendirilen, пересл, пересылка,
    перенаправлено, переслано, препр, препратено, προώθ, προώθηση, πρθ, πρ, prep, redir, redirecţ,
    redirecționat, redirecționare, trs, transféré, transfert, réexp, reenv, reenviado, reenvío, encaminhado,
    inoltra, inoltro, inoltrato, vidarebefordrat, framsent, välitetty, edasi, podaj dalej, przekazano,
    persiųsta, pārsūtīts, pārsūtīta, prosl, proslijeđeno, prosleđeno, posredovano, přep, přeposláno, preposl,
    preposlané, rsc, birbidalita, terusan, chuyển tiếp, ส่งต่อ, 转发, 转寄, 轉寄, 轉發, 転送, 전달, הועבר, إعادة
    توجيه, إعادة, تحويل

    """
)
REPLY_PREFIXES: Final = phrases(
    """
    re, aw, antw, antwort, antwoord, sv, svar, atb, ateb, odp, odpowiedź, rép, réponse, rif, r, res, respuesta,
    resposta, risposta, ynt, yanıt, vá, válasz, vast, vastaus, απ, απάντηση, σχετ, ответ, отв, відповідь, отг,
    на, bls, balas, tl, trả lời, ats, at, atbilde, vastus, odpověď, odpoveď, odg, odgovor, ตอบ, ตอบกลับ, 答复,
    回复, 回覆, 關於, 关于, 返信, 답장, 회신, תגובה, השב, رد, reply

    """
)
# Reply in Finnish, forward in Danish and Norwegian: the labels of the block below decide.
AMBIGUOUS_PREFIX: Final = "vs"
