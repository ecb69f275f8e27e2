# One image for web, worker, documents and clock; compose.yaml says which command each runs.
ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS build
RUN python3 -m venv /opt/venv
COPY requirements/image.txt /tmp/image.txt
RUN /opt/venv/bin/python -m pip --disable-pip-version-check install --no-cache-dir --require-hashes --requirement /tmp/image.txt

FROM ${PYTHON}
# What WeasyPrint draws invoices with, and letters for names that Inter has none for.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        fonts-dejavu-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/counterfoil
COPY pyproject.toml LICENSE ./
COPY app app
COPY migrations migrations
COPY portal portal
COPY static static
COPY templates templates
COPY worker worker
# A volume that is mounted here begins as this directory does, so its owner is the one who writes.
RUN /opt/venv/bin/python -m compileall -q app portal worker \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install --directory --owner portal --group portal /var/lib/counterfoil
USER portal
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 XDG_CACHE_HOME=/tmp/cache DOCUMENTS_DIR=/var/lib/counterfoil
EXPOSE 8000
ENTRYPOINT ["python", "-m", "portal"]
CMD ["web", "--host", "0.0.0.0"]
