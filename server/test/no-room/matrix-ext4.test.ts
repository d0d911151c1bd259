import { matrixOn } from './matrix/matrix.ts'

matrixOn('ext4')
