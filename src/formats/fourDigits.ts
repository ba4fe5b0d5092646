/** A number as output has it: rounded to four digits behind the point. */
export function fourDigits(value: number): number {
  return Number(value.toFixed(4));
}
