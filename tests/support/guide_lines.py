"""The guide's command lines, to the letter, without the program's name."""

GRPC = (
    '--port 50051 --venv_directory=".venv" --buffer_duration 0.2 --enable_phasic_bp'
    " --also_log_to_stderr"
)
FILE = (
    "--streaming_backend=file --use_camera --camera_device_index=0"
    ' --filesystem_ipc_config_path=./file_ipc_config.json --venv_directory=".venv"'
    " --buffer_duration 0.2 --also_log_to_stderr"
)
_REDIS = (
    "--streaming_backend=redis --use_camera --camera_device_index=0 --redis_host=localhost"
    ' --redis_port=6379 --redis_key_prefix=physiology --venv_directory=".venv"'
)
REDIS = f"{_REDIS} --buffer_duration 0.2 --also_log_to_stderr"
SAVER = (
    '--venv_directory=".venv" --port 50051 --buffer_duration 0.2 --enable_phasic_bp --enable_eda'
    " --also_log_to_stderr --streaming_backend=redis --use_camera --camera_device_index=0"
)
ADVANCED = (
    f"{SAVER} --log_edge_core_transfer_times --log_throughput_and_latency --log_dropped_frames"
    " --log_verbosity=1 --camera_device_index=2 --input_transform_mode=ccw90"
)
WORKFLOW = f"{_REDIS} --buffer_duration=0.2 --enable_phasic_bp --enable_eda --also_log_to_stderr"
