"""HTML to a tagged PDF, without network or file access: text of strangers is in it.

Rendered in a worker process only; WeasyPrint is imported when first needed, because it needs libraries of the system
(Pango) that a small server may lack.
"""


class PdfUnavailable(Exception):
    """This machine has no Pango: the web page of the document serves alone."""


def pdf_render(html: str) -> bytes:
    """The document as PDF/UA-1. Raises PdfUnavailable without the system's libraries.

    Only `data:` addresses are fetched: a `file://` or `http://` one in the text of a requester stays unread.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:  # a library that Pango needs is not on this machine
        raise PdfUnavailable(str(error)) from error
    fetcher = URLFetcher(allowed_protocols=["data"])
    document: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1")
    return document
