"""What a checkpoint holds beside float weights, known from its header: quantized tensors. Needs no MindSpore."""
