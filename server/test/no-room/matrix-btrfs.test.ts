import { matrixOn } from './matrix/matrix.ts'

matrixOn('btrfs')
