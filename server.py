"""The server, for `uvicorn server:app` and for `python server.py`, which is `content-api serve`."""

if __name__ == "__main__":
    from content_api.cli import main

    main(["serve"])
else:
    from content_api.app import application  # without the command line, which a server has no use for

    app = application()
