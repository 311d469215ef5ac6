"""The server, for `uvicorn server:app` and for `python server.py`, which is `content-api serve` with its options."""

import sys

if __name__ == "__main__":
    from content_api.cli import main

    main(["serve", *sys.argv[1:]])
else:
    from content_api.importing import imported

    app = imported("content_api.app").application()  # without the command line, which a server has no use for
