"""A mail server that keeps nothing, and its client: `mail.py serve|send`."""

import sys, time


def serve():
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    class Keep:
        async def handle_DATA(self, server, session, envelope):
            return "250 kept"

        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("nobody"):
                return "550 no such user here"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    controller = Controller(
        Keep(), hostname="192.0.2.2", port=25, server_hostname="mail.example.test", auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=True), ident="lesson",
    )
    controller.start()
    time.sleep(30)


def send():
    import smtplib

    body = "From: a@example.test\r\nTo: b@example.test\r\nSubject: a lesson\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    with smtplib.SMTP("192.0.2.2", local_hostname="left.example.test") as s:
        s.ehlo()
        s.login("someone", "secret")
        s.sendmail("a@example.test", ["b@example.test", "c@example.test"], body + "\r\nHello.\r\n.a dot first\r\n")
        s.docmd("RCPT", "TO:<b@example.test>")
        s.docmd("NONSENSE")
        s.verify("b@example.test")
        s.noop()
        s.mail("a@example.test")
        s.rcpt("nobody@example.test")
        s.rset()
        long = "\r\n" + "".join(f"line {n} of a long letter\r\n" for n in range(150))
        s.sendmail("a@example.test", ["b@example.test"], body + long)


{"serve": serve, "send": send}[sys.argv[1]]()
