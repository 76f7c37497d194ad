"""The laptop stack: real Kafka, Redis, Milvus and the services as supervised processes of one machine.

- ``vtr.local.config.StackConfig`` says what a stack is made of;
- ``vtr.local.stack.Stack`` starts and stops one inside this process;
- ``vtr.local.supervisor.run`` holds one in the foreground until a signal;
- ``vtr.local.control.start_detached`` and ``stop_running`` work on one that outlives its caller;
- ``vtr.local.state.load_state`` finds the one that runs.
"""
