"""Problems whose answer is known: exact and manufactured solutions, and the meshes they are solved on."""
