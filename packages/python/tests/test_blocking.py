"""What a blocking stream does where no server is."""

import threading
import unittest

from sylstream_client import StreamError, connect

# Port 9 (discard): nobody listens there.
NOWHERE = 'ws://127.0.0.1:9/v1/stream'


class Blocking(unittest.TestCase):
    def test_raises_where_no_server_answers_and_leaves_no_thread(self) -> None:
        with self.assertRaises(StreamError) as caught, connect(NOWHERE, give_up_s=0) as stream:
            stream.write(bytes(640))
            list(stream)
        self.assertEqual(caught.exception.code, 'connection')
        self.assertEqual([thread for thread in threading.enumerate() if thread.name == 'sylstream'], [])

    def test_passes_on_what_the_caller_did_wrong(self) -> None:
        with connect(NOWHERE, channels=2) as stream, self.assertRaises(ValueError):
            stream.write(bytes(3))
        with self.assertRaises(TypeError), connect(NOWHERE, dail=5):
            pass


if __name__ == '__main__':
    unittest.main()
