const STEPS_PER_ONE = 2 ** 32;

/** The distance between two neighbouring costs on the grid, 2⁻³². */
export const COST_STEP: number = 1 / STEPS_PER_ONE;

/**
 * Rounds a cost to the grid on which the search adds. Sums of grid numbers are exact in float64 (below 2²¹), so that equal
 * costs are equal in whatever order they were added, a common amount can be taken off all of them without a trace, and
 * rounding in C, about 10⁻¹³, cannot turn a tie into a win.
 */
export function toCostGrid(cost: number): number {
  return Math.round(cost * STEPS_PER_ONE) / STEPS_PER_ONE;
}
