"""What TensorFlow Serving is told: its models, how it batches, what it measures, and how its container is started."""

from pathlib import Path

from kwscls import files
from kwscls.serving import bundle

MODELS = "models.config"

FOLDER = "/export"
"""Where the container sees the folder in which these files lie."""

BATCHING = """\
# How requests of many clients are put together: BatchingParameters of session_bundle_config.proto.
# Clips sent as WAV bytes may be of any length. Waveforms of different lengths are not batched together: the server would
# pad them with their first sample, so pad_variable_length_inputs stays off; send waveforms of one length, or WAV bytes.
max_batch_size { value: 32 }
batch_timeout_micros { value: 2000 }
num_batch_threads { value: 4 }
max_enqueued_batches { value: 100 }
"""

MONITORING = """\
# Metrics for Prometheus: MonitoringConfig of monitoring_config.proto.
prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }
"""

COMPOSE = f"""\
# docker compose -f export/compose.yaml up: TensorFlow Serving with every model in served/, gRPC on 8500, REST on 8501,
# metrics on http://localhost:8501/monitoring/prometheus/metrics. A new version in served/ is taken up by itself.
services:
  kwscls:
    image: tensorflow/serving:${{TF_SERVING_VERSION:-latest}}
    restart: unless-stopped
    ports:
      - "127.0.0.1:8500:8500"
      - "127.0.0.1:8501:8501"
    volumes:
      - .:{FOLDER}:ro
    command:
      - --model_config_file={FOLDER}/{MODELS}
      - --model_config_file_poll_wait_seconds=60
      - --enable_batching=true
      - --batching_parameters_file={FOLDER}/batching.config
      - --monitoring_config_file={FOLDER}/monitoring.config
"""

WRITTEN_ONCE = {"batching.config": BATCHING, "monitoring.config": MONITORING, "compose.yaml": COMPOSE}
"""Files that stay as the user changed them."""


def configure(served):
    """Write the configuration beside a folder of served models: the list of models anew, all else where it is missing.

    Args:
        served: the folder with a folder a model, in each its versions.

    Returns:
        The paths written.
    """
    served = Path(served)
    texts = {name: text for name, text in WRITTEN_ONCE.items() if not (served.parent / name).exists()}
    texts[MODELS] = models_config(served)
    for name, text in texts.items():
        files.write_text(served.parent / name, text)
    return [served.parent / name for name in sorted(texts)]


def models_config(served):
    """ModelServerConfig in text: every model in a folder that has a version; the server takes the newest."""
    names = sorted(place.name for place in Path(served).iterdir() if bundle.versions(place))
    rows = "".join(f'  config {{ name: "{name}" base_path: "{FOLDER}/{Path(served).name}/{name}" model_platform: "tensorflow" }}\n'
                   for name in names)
    return f"# Written by python -m kwscls.export: ModelServerConfig of model_server_config.proto.\nmodel_config_list {{\n{rows}}}\n"
