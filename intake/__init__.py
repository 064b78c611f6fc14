"""Takes in, acknowledges and tracks the responses to public consultations.

The map. Data flows from `mail` and `documents` into `store` through `inbound`, is worked on in `responses` and leaves
through `outbound`. A folder is a stage of that flow, a file one capability; each imports only from those below it.

    cli/         the commands
    demo/        embedded mail servers and a sample consultation
    worker       the clock: starts the jobs and stops them on a signal
    web/         the officers' and administrators' pages, the public form, receipts, the JSON API
    checking     looks at the database, each mailbox and the mail server, for `intake check`
    printing     puts what commands found into words or JSON
    jobs         one shallow function for each scheduled job
    inbound/     every way in, one file a channel, all ending in the same Response
    responses/   what officers do with the log
    administration/  how a consultation is run: set up, changed, extended, closed, copied, archived
    outbound/    what is owed to people: acknowledgements, reminders, the outbox
    accounts/    who may come in and what they may see: users, passwords, sessions, access
    store/       tables, migrations, files and status moves
    documents/   reads attachments: kind, text, malware verdict
    mail/        speaks IMAP, MIME and SMTP
    deadlines    when it closes, what is late, and the one wording of a closing time
    schedules    on which days something is due, counted from opening or closing
    working_days  which days nobody works, and what is unwise about closing on one
    sandbox      runs a function in a child process with limits
    output       what programs print about themselves, without personal data
    settings     one frozen Settings, from the configuration file and INTAKE_* variables; settings_sections: its parts
    toml_files   reads TOML that people write, and says what is wrong with it
    errors       the errors that cross folders
"""
