import { expect, it } from 'vitest'
import { dataOf } from './TimeChart'

it('stacks: the highest sum is drawn first, so that each part shows', () => {
  const series = [{ label: 'a', color: '', values: [1, 2] }, { label: 'b', color: '', values: [10, null] }, { label: 'c', color: '', values: [100, 200] }]
  expect(dataOf([7, 8], series, true)).toEqual([[7, 8], [111, 202], [11, 2], [1, 2]])
  expect(dataOf([7, 8], series, false)).toEqual([[7, 8], [1, 2], [10, null], [100, 200]])
})
