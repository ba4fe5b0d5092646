"""The step model of a sylstream bundle behind Triton's Python backend: one correlation id is one stream.

A request is one step of one stream: its mel and its place; its keys and values of the steps before lie here. Requests that
Triton hands over together are run together. What a batch is made of does not change a stream's numbers.
"""

import json
import os
import sys

os.environ['ORT_DISABLE_TELEMETRY'] = '1'  # read when the library is loaded

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from arena import Arena
from processor import processor
from slots import Slots

FRAMES_PER_TOKEN = 2


class TritonPythonModel:
    def initialize(self, args):
        folder = os.path.join(args['model_repository'], args['model_version'])
        with open(os.path.join(folder, 'sylstream.json'), encoding='utf-8') as file:
            told = json.load(file)
        encoder = self.encoder = told['encoder']
        on_gpu = args['model_instance_kind'] == 'GPU'
        self.device, self.device_id = ('cuda', int(args['model_instance_device_id'])) if on_gpu else ('cpu', 0)
        if on_gpu:
            import cupy

            cupy.cuda.Device(self.device_id).use()
            self.xp = cupy
        else:
            self.xp = np
        self.session = open_session(os.path.join(folder, told['model']), self.device, self.device_id, encoder)
        phases = encoder.get('phases', 1)
        self.before = encoder.get('stemFrames', FRAMES_PER_TOKEN) - FRAMES_PER_TOKEN * (2 - phases)
        self.caches = encoder['layers'] * phases  # keys and values: all layers of each phase
        self.width = encoder['kvHeads'] * encoder['headWidth']
        self.max_batch = told['maxBatch']
        self.slots = Slots(told['sequences'])
        shape = (self.caches, encoder['windowTokens'], encoder['chunkTokens'], self.width)
        self.arena = Arena(self.xp, told['sequences'], *shape)
        self.about = json.dumps(
            {
                'bundle': told['bundle'],
                'precision': told['precision'],
                'provider': self.device,
                'runtime': ort.__version__,
                'processor': processor(),
            }
        )

    def execute(self, requests):
        answers = [None] * len(requests)
        steps = {}  # rows of the step → its requests
        for index, request in enumerate(requests):
            try:
                step = self.read(request)
            except ValueError as error:
                answers[index] = refusal(str(error))
                continue
            if step is None:
                answers[index] = self.tell_about()
            else:
                steps.setdefault(step['rows'], []).append((index, step))
        for rows, group in steps.items():
            for begin in range(0, len(group), self.max_batch):
                part = group[begin : begin + self.max_batch]
                outputs = self.run([step for _, step in part], rows)
                for (index, _), answer in zip(part, outputs, strict=True):
                    answers[index] = answer
        return answers

    def read(self, request):
        """What a request asks for; None where it asks who is there, or ends its stream."""
        stream, is_end = int(control(request, 'CORRID')), bool(control(request, 'END'))
        if 'about' in request.requested_output_names():
            if is_end:
                self.slots.end(stream)
            return None
        first, known, tokens, commit = (int(v) for v in tensor(request, 'place').reshape(-1))
        mel = tensor(request, 'mel').reshape(-1, tensor(request, 'mel').shape[-1])
        rows = (len(mel) - self.before) // FRAMES_PER_TOKEN
        chunk = self.encoder['chunkTokens']
        longest = chunk + self.encoder['delayTokens']
        if not (0 <= tokens <= rows <= longest) or first < 0 or first % chunk or (commit and tokens != chunk):
            raise ValueError(f'expected a step of at most {longest} tokens upon the grid of {chunk}, got {tokens} of {rows} at {first}')
        if control(request, 'START'):
            self.slots.begin(stream, first)
        slot = self.slots.find(stream, first)
        if slot is None:
            raise ValueError(f'expected a stream that is at token {first}; begin it again with its field')
        return {
            'stream': stream,
            'slot': slot,
            'first': first,
            'known': known,
            'tokens': tokens,
            'commit': commit,
            'is_end': is_end,
            'mel': mel,
            'rows': rows,
        }

    def run(self, steps, rows):
        """Runs steps of one length; an answer for each."""
        first = np.array([step['first'] for step in steps])
        slots = np.array([step['slot'] for step in steps])
        known = np.array([step['known'] for step in steps])
        tokens = np.array([step['tokens'] for step in steps])
        batch, encoder = len(steps), self.encoder
        feeds = {
            'mel': np.ascontiguousarray(np.stack([step['mel'] for step in steps]), np.float32),
            'token_mask': (np.arange(rows)[None] < tokens[:, None]).astype(np.float32),
            'past_age': self.arena.ages(first, known),
        }
        past = self.arena.gather(slots, first)
        present = self.xp.empty((batch, self.caches, 2, rows, self.width), self.xp.float32)
        if self.device == 'cuda':
            self.xp.cuda.get_current_stream().synchronize()
        binding = self.session.io_binding()
        for name, array in feeds.items():
            binding.bind_cpu_input(name, array)
        for layer in range(self.caches):
            self.bind(binding.bind_input, f'past_k_{layer}', past[2 * layer])
            self.bind(binding.bind_input, f'past_v_{layer}', past[2 * layer + 1])
        self.bind(binding.bind_output, 'present', present)
        for name in encoder['outputs']:
            binding.bind_output(name, 'cpu')
        self.session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        outputs = dict(zip(['present', *encoder['outputs']], binding.get_outputs(), strict=True))
        kept = [b for b, step in enumerate(steps) if step['commit']]
        if kept:
            fresh = present.reshape(batch, 2 * self.caches, rows, self.width)
            self.arena.scatter(slots[kept], first[kept], fresh[self.xp.asarray(kept)])
        for b in kept:
            self.slots.advance(steps[b]['stream'], encoder['chunkTokens'])
        for step in steps:
            if step['is_end']:
                self.slots.end(step['stream'])
        told = {name: outputs[name].numpy() for name in encoder['outputs']}
        return [
            pb_utils.InferenceResponse(
                [pb_utils.Tensor(name, np.ascontiguousarray(told[name][b : b + 1].reshape(1, rows, -1))) for name in encoder['outputs']]
            )
            for b in range(batch)
        ]

    def bind(self, bind, name, array):
        pointer = array.data.ptr if self.device == 'cuda' else array.ctypes.data
        bind(name, self.device, self.device_id, np.float32, array.shape, pointer)

    def tell_about(self):
        return pb_utils.InferenceResponse([pb_utils.Tensor('about', np.array([[self.about]], dtype=object))])


def open_session(path, device, device_id, encoder):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # As the gateways' own sessions: the exact product of int8 weights where the fast one could overflow (docs/bundle.md).
    options.add_session_config_entry('session.x64quantprecision', '0' if encoder.get('boundedSums') else '1')
    if device == 'cuda':
        return ort.InferenceSession(path, options, providers=[('CUDAExecutionProvider', {'device_id': device_id})])
    return ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def tensor(request, name):
    return pb_utils.get_input_tensor_by_name(request, name).as_numpy()


def control(request, name):
    return tensor(request, name).reshape(-1)[0]


def refusal(message):
    return pb_utils.InferenceResponse(output_tensors=[], error=pb_utils.TritonError(message))
