// What can stay where it is when the rest is put into another order.

/** The indices of a longest rising part of `numbers`, in order. */
export function longestRising(numbers) {
  // By length, the index of the least number that ends a rising part of that length.
  const ends = [];
  const before = [];
  numbers.forEach((number, at) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]] < number) low = middle + 1;
      else high = middle;
    }
    before[at] = low > 0 ? ends[low - 1] : -1;
    ends[low] = at;
  });
  const rising = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]) rising.push(at);
  return rising.reverse();
}
