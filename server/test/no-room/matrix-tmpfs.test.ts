import { matrixOn } from './matrix/matrix.ts'

matrixOn('tmpfs')
