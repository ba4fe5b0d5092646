import { useEffect, useState } from 'react';
import { speechUnits } from '@sylstream/browser';

/**
 * The units of a sound as they are decided, for a component; none while `sound$` or `models` is undefined.
 *
 * Give it an Observable that stays the same between renderings (`useMemo(() => fromBlob(file), [file])`).
 */
export function useSpeechUnits(sound$, models) {
  const [units, setUnits] = useState([]);
  const [error, setError] = useState();
  useEffect(() => {
    setUnits([]);
    setError(undefined);
    if (sound$ === undefined || models === undefined) return undefined;
    const running = speechUnits(sound$, models).subscribe({
      next: (event) => event.type === 'unit' && setUnits((before) => [...before, event.unit]),
      error: setError,
    });
    return () => running.unsubscribe();
  }, [sound$, models]);
  return { units, error };
}
