/** JSON of `ExpressionTrees`. */
export const EXPRESSION_TREES: string;
